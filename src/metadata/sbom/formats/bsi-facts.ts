/** What BSI TR-03183-2 v2.1 wants to know beside the usual, as far as the model tells it; in the forms of each format it is written elsewhere. */
import { isEmail, isUrl } from '../score/facts/facts.ts';
import { isIncomplete } from '../sbom.ts';
import type { Component, Sbom } from '../sbom.ts';

/** Names of the BSI's properties of components. */
export const BSI_PROPERTY = 'bsi:component:';

export interface Address {
  readonly name?: string;
  readonly email?: string;
  readonly url?: string;
}

/** Who made it, else who supplies it: as `Name <address>`; without an address the home page tells where they are found. */
export function addressOf({ originator, supplier, homepage }: Component): Address {
  const text = originator ?? supplier;
  const addresses = [...(text ?? '').matchAll(/[<(]([^<>()\s]+)[>)]/g)].map(([, address = '']) => address);
  const email = addresses.find(isEmail);
  const url = addresses.find(isUrl) ?? homepage;
  const name = text
    ?.replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?[<(][^<>()]*[>)]/g, '')
    .trim();
  return {
    ...(name === undefined || name === '' ? {} : { name }),
    ...(url === undefined || !isUrl(url) ? {} : { url }),
    ...(email === undefined ? {} : { email }),
  };
}

/** Whether nothing that was found in the files speaks against what is declared. */
export function isAgreed({ licences, detectedLicences = [] }: Component): boolean {
  return detectedLicences.every((text) => licences.some((licence) => licence.includes(text)));
}

/**
 * By component. Package databases of a system tell all that a package needs: of those that did so here the list is complete, if nothing was
 * skipped. Of all else it is not known.
 */
export function completenessOf(sbom: Sbom): (id: string) => 'complete' | 'incomplete' | 'noAssertion' {
  const byId = new Map(sbom.components.map((component) => [component.id, component]));
  const telling = new Set(
    sbom.dependencies
      .map(({ from }) => byId.get(from))
      .flatMap((one) => (one?.evidence === 'installed-db' ? [one.foundBy] : [])),
  );
  return (id) => {
    const component = byId.get(id);
    if (isIncomplete(sbom)) return 'incomplete';
    return component?.evidence === 'installed-db' && telling.has(component.foundBy) ? 'complete' : 'noAssertion';
  };
}
