import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from './errors.ts';
import { escapeXml, parseXml } from './xml.ts';

const limits = { what: 'x.xml', maxLength: 1_000_000 };

test('elements, attributes, text and namespaces are read', () => {
  const root = parseXml(
    '<?xml version="1.0"?><a xmlns="urn:n" xmlns:m="urn:m" x="1" m:x="2"><b>t&amp;<![CDATA[<u>]]></b><!-- no --></a>',
    limits,
  );
  assert.deepEqual(
    { ...root, children: root.children.map(({ name, text, namespace }) => ({ name, text, namespace })) },
    {
      name: 'a',
      namespace: 'urn:n',
      attributes: { x: '1' },
      foreign: { '{urn:m}x': '2' },
      children: [{ name: 'b', text: 't&<u>', namespace: 'urn:n' }],
      text: '',
      line: 1,
    },
  );
});

test('what is not well-formed, has a document type, is too deep or too long is refused with its place', () => {
  assert.throws(() => parseXml('<a>\n<b></a>', limits), { kind: 'invalid-input', message: /^x\.xml:2:\d+: / });
  assert.throws(() => parseXml('<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', limits), /expected no document type/);
  assert.throws(() => parseXml('<a>&e;</a>', limits), /undefined entity/i);
  assert.throws(() => parseXml('<a>'.repeat(300), limits), /at most 200 levels/);
  assert.throws(() => parseXml('', limits), { kind: 'invalid-input' });
  assert.throws(() => parseXml('<a/>', { what: 'x', maxLength: 3 }), /at most 3 characters/);
});

test('any text survives escaping, and no text ends in anything but an AppError', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      // line ends are normalized (XML 1.0, 2.11)
      const line = text.replaceAll('\r', '');
      const found = parseXml(`<a>${escapeXml(line)}</a>`, limits).text;
      const kept = line.replaceAll(/\p{Cc}/gu, (sign) => (/[\t\n\x7f-\x9f]/.test(sign) ? sign : '\ufffd'));
      assert.equal(found, kept);
    }),
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom('<a', '>', '</a>', '/', ' x="', '"', '&', ';', '<!', '[CDATA[', ']]>', '<?', '?>', '--', 'é'),
        { maxLength: 12 },
      ),
      (parts) => {
        try {
          parseXml(parts.join(''), limits);
        } catch (error) {
          assert.ok(error instanceof AppError);
        }
      },
    ),
  );
});
