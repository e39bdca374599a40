/** Generated CEL expressions over one document: of each type what makes it, mostly well typed, over values at the edges. */
import fc from 'fast-check';

export const DOCUMENT = {
  i: 7,
  z: 0,
  f: 2.5,
  s: 'héllo-World 1.2.3',
  e: '',
  t: true,
  n: null,
  l: [3, 1, 2, 1],
  w: ['b', 'a', 'b'],
  x: [1, 'a', null, true, 2.5],
  m: { k: 'v', n: null, 'with-dash': 1, deep: { list: [{ id: 1 }, { id: 2, ok: true }] } },
  d: '2026-01-02T03:04:05.678Z',
  q: '1.5Gi',
  v: '1.2.3-rc.1+b',
  ip: '10.1.2.3',
};

type Text = fc.Arbitrary<string>;

const pick = (...texts: readonly string[]): Text => fc.constantFrom(...texts);

/** A template whose holes are filled: `f($, $)`. */
function fill(template: string, ...parts: readonly Text[]): Text {
  const pieces = template.split('$');
  return fc.tuple(...parts).map((made) => pieces.map((piece, i) => `${piece}${made[i] ?? ''}`).join(''));
}

const { text } = fc.letrec<
  Readonly<Record<'text' | 'bool' | 'int' | 'string' | 'double' | 'list' | 'optional', string>>
>((tie) => {
  const [bool, int, string, double, list, optional] = (
    ['bool', 'int', 'string', 'double', 'list', 'optional'] as const
  ).map((name) => tie(name)) as [Text, Text, Text, Text, Text, Text];
  const one = (...options: readonly Text[]): Text =>
    fc.oneof({ depthSize: 'small', withCrossShrink: true }, ...options);
  const any = fc.oneof(bool, int, string, double, list);
  return {
    text: fc.oneof(
      bool,
      int,
      string,
      double,
      list,
      optional,
      opaques(string),
      // in an order of their own
      fill('$.transformMap(i, x, $)', list, pick('x', 'i')),
      fill('$.getQuery()', urls(string)),
      fill('{?"k": $}', optional),
    ),
    bool: one(
      pick(
        'true',
        'false',
        'a.t',
        'has(a.m)',
        'has(a.missing)',
        'has(a.m.n)',
        'a.m.missing',
        'isIP(a.ip)',
        'a.n == null',
      ),
      fill('($ && $)', bool, bool),
      fill('($ || $)', bool, bool),
      fill('!$', bool),
      fill(
        '($ $ $)',
        int,
        pick('<', '<=', '==', '!=', '>', '>='),
        fc.oneof(
          int,
          double.map((made) => `dyn(${made})`),
        ),
      ),
      fill('($ $ $)', string, pick('<', '<=', '==', '!=', '>'), string),
      fill(
        '($ == $)',
        any.map((made) => `dyn(${made})`),
        any,
      ),
      fill(
        '($ in $)',
        any.map((made) => `dyn(${made})`),
        fc.oneof(list, pick('a.m', 'a.x', '{1: 2, 3: 4}', "{'a': 1}")),
      ),
      fill('$.$($)', string, pick('startsWith', 'endsWith', 'contains'), string),
      fill('$.matches($)', string, pick("'^h.*'", "'[0-9]+'", "'('", "'(?i)WORLD'", 'a.s', "'\\\\d+$'")),
      fill(
        '$.$(x, $)',
        list,
        pick('all', 'exists', 'exists_one'),
        pick('x == 1', 'x > 1', "x == 'a'", 'x', 'x / 0 == 1', 'x in [1, 2, 3]'),
      ),
      fill('$.$(i, x, $)', list, pick('all', 'exists', 'existsOne'), pick('i == x', 'i < 2', "x != 'b'")),
      fill('$.isSorted()', pick('a.l', 'a.w', '[]', '[1.5, 0.5]', '[1, 2, 2]', '[true, false]')),
      fill('sets.$($, $)', pick('contains', 'equivalent', 'intersects'), list, list),
      fill('is$($)', pick('IP', 'CIDR', 'URL', 'Quantity', 'Semver'), opaqueTexts(string)),
      fill('$.$($)', quantities(string), pick('isGreaterThan', 'isLessThan'), quantities(string)),
      fill('$.isInteger()', quantities(string)),
      fill('$.$($)', versions(string), pick('isGreaterThan', 'isLessThan'), versions(string)),
      fill(
        '$.is$()',
        ips(string),
        pick('Unspecified', 'Loopback', 'LinkLocalMulticast', 'LinkLocalUnicast', 'GlobalUnicast'),
      ),
      fill('$.containsIP($)', cidrs(string), fc.oneof(ips(string), opaqueTexts(string))),
      fill('$.containsCIDR($)', cidrs(string), cidrs(string)),
      fill('(quantity($) == quantity($))', opaqueTexts(string), opaqueTexts(string)),
      fill('ip.isCanonical($)', opaqueTexts(string)),
      fill('$.hasValue()', optional),
      fill('($ $ $)', times(string), pick('<', '==', '>'), times(string)),
    ),
    int: one(
      pick(
        '0',
        '1',
        '-3',
        '7',
        '9223372036854775807',
        '-9223372036854775808',
        'a.i',
        'a.z',
        'a.l[0]',
        'a.l[9]',
        'a.m.deep.list[1].id',
      ),
      fill('($ $ $)', int, pick('+', '-', '*', '/', '%'), int),
      fill('-$', int),
      fill('size($)', fc.oneof(string, list, pick('a.m', '{}'))),
      fill('int($)', fc.oneof(double, string, times(string), int)),
      fill('($ ? $ : $)', bool, int, int),
      fill('$.$($)', string, pick('indexOf', 'lastIndexOf'), string),
      fill('a.s.indexOf($, $)', string, pick('0', '1', '5')),
      fill('a.s.lastIndexOf($, $)', string, pick('0', '1', '5')),
      fill('$.$($)', list, pick('indexOf', 'lastIndexOf'), any),
      fill(
        '$.$()',
        times(string),
        pick(
          'getFullYear',
          'getMonth',
          'getDate',
          'getDayOfMonth',
          'getDayOfWeek',
          'getDayOfYear',
          'getHours',
          'getMilliseconds',
        ),
      ),
      fill('$.getHours($)', times(string), pick("'Europe/Berlin'", "'-08:30'", "'02:00'", "'Nowhere'", "'UTC'")),
      fill('$.$()', spans(string), pick('getHours', 'getMinutes', 'getSeconds')),
      fill('$.compareTo($)', quantities(string), quantities(string)),
      fill('$.compareTo($)', versions(string), versions(string)),
      fill('$.$()', versions(string), pick('major', 'minor', 'patch')),
      fill('$.asInteger()', quantities(string)),
      fill('sign($)', quantities(string)),
      fill('$.family()', ips(string)),
      fill('$.prefixLength()', cidrs(string)),
    ),
    string: one(
      pick(
        "''",
        "'a'",
        "'b,c,,d'",
        "'ünïcode😀'",
        "'1.5'",
        "'  x\\t'",
        'a.s',
        'a.e',
        'a.w[0]',
        'a.m.k',
        'a.missing',
        "a.m['with-dash']",
        "'12'",
        "'true'",
        "'😀b'",
      ),
      fill('($ + $)', string, string),
      fill('string($)', fc.oneof(int, double, bool, string, times(string), spans(string), ips(string), cidrs(string))),
      fill('$.$()', string, pick('lowerAscii', 'upperAscii', 'trim')),
      fill('$.charAt($)', string, int),
      fill('$.replace($, $)', string, string, string),
      fill('$.replace($, $, $)', string, string, string, pick('-1', '0', '1', '2')),
      fill('$.substring($)', string, int),
      fill('$.substring($, $)', string, int, int),
      fill('$.find($)', string, pick("'[a-z]+'", "'\\\\d+\\\\.'", "''", "'x*'", "'é'")),
      fill('strings.quote($)', string),
      fill('$.join($)', pick('a.w', "['a', 'b']", '[]', 'a.l'), string),
      fill("'%$'.format([$])", pick('s', 'd', 'x', 'X', 'b', 'o', 'q', '%'), fc.oneof(int, string, bool)),
      fill("'%$f'.format([$])", pick('.2', '.0', ''), pick('1.5', '2.5', 'a.f', '-0.125', '1')),
      fill('$.get$()', urls(string), pick('Scheme', 'Host', 'Hostname', 'Port', 'EscapedPath')),
      fill('$.orValue($)', pick('a.?s', 'a.?missing', 'a.m[?"k"]'), string),
      fill('$.min()', pick('a.w', 'a.l', '[]')),
    ),
    double: one(
      pick('0.0', '-0.0', '1.5', '1e20', '1e-7', '123456789.125', 'a.f', '1.0 / 0.0', '9007199254740993.0'),
      fill('($ $ $)', double, pick('+', '-', '*', '/'), double),
      fill('double($)', fc.oneof(int, string)),
      fill('$.asApproximateFloat()', quantities(string)),
    ),
    list: one(
      pick(
        '[]',
        '[1, 2, 3]',
        "['a', 'b']",
        'a.l',
        'a.w',
        'a.x',
        'a.m.deep.list',
        'lists.range(3)',
        '[true, false]',
        '[1.5, 0.5]',
        '[[1], [2, [3]]]',
      ),
      fill('($ + $)', list, list),
      fill('$.map(x, $)', list, pick('x', 'x + 1', "'k'", 'x.id', '[x]', 'x * 2')),
      fill('$.map(x, $, x)', list, pick('x == 1', "x != 'a'")),
      fill('$.filter(x, $)', list, pick('x == 1', 'x != null', "x == 'b'", 'x > 1', 'x')),
      fill('$.transformList(i, x, $)', list, pick('i', 'x', 'i + 1')),
      fill('$.$()', list, pick('distinct', 'reverse', 'sort', 'flatten')),
      fill('$.sortBy(x, $)', list, pick('x', '-x', 'x.id')),
      fill('$.slice($, $)', list, pick('0', '1', '-1'), pick('1', '2', '9')),
      fill('$.flatten($)', list, pick('0', '1', '2', '-1')),
      fill('$.split($)', string, pick("','", "''", "'l'")),
      fill('$.split($, $)', string, pick("','", "''"), pick('-1', '0', '1', '2', '9')),
      fill('$.findAll($)', string, pick("'[a-z]+'", "'[0-9]'", "''", "'x*'", "'('")),
      fill('$.findAll($, $)', string, pick("'[a-z]'", "''"), pick('-1', '0', '1', '2')),
      fill('[?$, 1]', optional),
      fill(
        'format.$().validate($)',
        pick(
          'dns1123Label',
          'qualifiedName',
          'uuid',
          'uri',
          'byte',
          'date',
          'datetime',
          'labelValue',
          'dns1035LabelPrefix',
        ),
        string,
      )
        .map((made) => `${made}.hasValue() ? [1] : [2]`)
        .map((made) => `(${made})`),
    ),
    optional: one(
      pick(
        'a.?i',
        'a.?missing',
        'a.m.?deep.?list[0].?id',
        'a.x[?1]',
        'a.x[?9]',
        'optional.none()',
        'a.m[?"n"]',
        'a.?missing.deeper',
        'a.?m.k',
        'a.?m.missing',
      ),
      fill('optional.of($)', any),
      fill('optional.ofNonZeroValue($)', any),
      fill('$.or($)', optional, optional),
      fill('$.optMap(x, $)', optional, pick('x', '[x]', '1')),
      fill('$.optFlatMap(x, $)', optional, pick('optional.of(x)', 'optional.none()')),
    ),
  };
});

export const celExpression: Text = text;

function opaqueTexts(string: Text): Text {
  return fc.oneof(
    {
      weight: 9,
      arbitrary: pick(
        'a.ip',
        "'::1'",
        "'fe80::1%en0'",
        "'::ffff:1.2.3.4'",
        "'::ffff:c0a8:1'",
        "'1.2.3'",
        "'01.2.3.4'",
        "'2001:DB8::0:68'",
        "'224.0.0.5'",
        "'255.255.255.255'",
        "'ff02::1'",
        "'10.0.0.0/8'",
        "'10.1.2.3/24'",
        "'::/0'",
        "'10.0.0.0/33'",
        "'0.0.0.0/0'",
      ),
    },
    {
      weight: 7,
      arbitrary: pick(
        'a.q',
        "'1'",
        "'1.0'",
        "'-1.5'",
        "'2k'",
        "'100m'",
        "'1e3'",
        "'1E'",
        "'1Ei'",
        "'1Ki'",
        "'0.5Ki'",
        "'+3M'",
        "'1.'",
        "'.5'",
        "'1n'",
        "'0.1n'",
        "'1x'",
        "'9223372036854775807'",
        "'10000000000000000000'",
        "'1.5Gi'",
        "'1_0'",
      ),
    },
    {
      weight: 5,
      arbitrary: pick(
        'a.v',
        "'1.2.3'",
        "'1.2'",
        "'v1.2.3'",
        "'01.2.3'",
        "'1.2.3-a.b.1'",
        "'1.2.3-01'",
        "'1.10.0'",
        "'1.2.3+x'",
        "'1.2.3-'",
      ),
    },
    {
      weight: 5,
      arbitrary: pick(
        "'https://u:p@e.example:80/p%20q?k=1&k=2&e#f'",
        "'/a b/c'",
        "'../x'",
        "'https://[::1]:8/'",
        "'mailto:x@y'",
        "'HTTP://E'",
        "'https://a:b:c/'",
        "'//x/y'",
        "'a:80'",
        "'https://e/%zz'",
        "'https://e/a?x=%zz&y=1;z'",
        "'https://e/ü?q=a+b%26'",
      ),
    },
    { weight: 2, arbitrary: string },
  );
}

function times(string: Text): Text {
  return fc.oneof(
    pick(
      'timestamp(a.d)',
      "timestamp('2024-02-29T23:59:59.999999999Z')",
      "timestamp('0001-01-01T00:00:00Z')",
      'timestamp(0)',
      'timestamp(1700000000)',
    ),
    fill('(timestamp(a.d) $ duration($))', pick('+', '-'), pick("'1h30m'", "'-1.5s'", "'100000h'", "'1ns'")),
    fill('timestamp($)', string),
  );
}

function spans(string: Text): Text {
  return fc.oneof(
    pick(
      "duration('1h30m')",
      "duration('-1.5s')",
      "duration('0')",
      "duration('1us')",
      '(timestamp(a.d) - timestamp(0))',
    ),
    fill('duration($)', fc.oneof(string, pick("'1.5h2m'", "'1d'", "'9223372036854775807ns'"))),
  );
}

function quantities(string: Text): Text {
  return fc.oneof(
    fill('quantity($)', opaqueTexts(string)),
    fill('quantity($).$(quantity($))', opaqueTexts(string), pick('add', 'sub'), opaqueTexts(string)),
    fill('quantity($).add($)', opaqueTexts(string), pick('1', '-5')),
  );
}
function versions(string: Text): Text {
  return fc.oneof(fill('semver($)', opaqueTexts(string)), fill('semver($, true)', opaqueTexts(string)));
}
function ips(string: Text): Text {
  return fc.oneof(fill('ip($)', opaqueTexts(string)), fill('cidr($).ip()', opaqueTexts(string)));
}
function cidrs(string: Text): Text {
  return fc.oneof(fill('cidr($)', opaqueTexts(string)), fill('cidr($).masked()', opaqueTexts(string)));
}
function urls(string: Text): Text {
  return fill('url($)', opaqueTexts(string));
}

function opaques(string: Text): Text {
  return fc.oneof(
    times(string),
    spans(string),
    quantities(string),
    versions(string),
    ips(string),
    cidrs(string),
    urls(string),
  );
}
