/** Whose certificates the API server believes when it asks us: the CA bundle in our webhook configurations. */
import { isRecord } from '../core/index.ts';
import { findObject } from '../cluster/index.ts';
import type { KubeClient } from '../cluster/index.ts';

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const CONFIGURATIONS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];
/** Of both, as the installation names them. */
const NAME = 'plimsoll';

/** Configurations that are not there yet are left for the next look. Throws with status 409 when somebody else writes meanwhile. */
export async function writeAuthority(client: KubeClient, bundle: string, signal: AbortSignal): Promise<void> {
  const caBundle = Buffer.from(bundle).toString('base64');
  for (const kind of CONFIGURATIONS) {
    const path = `${GROUP}/${kind}/${NAME}`;
    const found = await findObject(client, path, signal);
    const webhooks: unknown = found?.webhooks;
    if (found === undefined || !Array.isArray(webhooks)) continue;
    const changed = webhooks.map((webhook: unknown) => withBundle(webhook, caBundle));
    if (changed.every((webhook, index) => webhook === webhooks[index])) continue;
    await client.replace(path, { ...found, webhooks: changed }, signal);
  }
}

/** The webhook itself when it has that bundle already. */
function withBundle(webhook: unknown, caBundle: string): unknown {
  if (!isRecord(webhook) || !isRecord(webhook.clientConfig) || webhook.clientConfig.caBundle === caBundle)
    return webhook;
  return { ...webhook, clientConfig: { ...webhook.clientConfig, caBundle } };
}
