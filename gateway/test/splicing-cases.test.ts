import type { FetchNode, QueryPlan } from '@apollo/query-planner';
import { OperationTypeNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import { makeExecutable } from '../src/execution/executable-operation.ts';
import type { FetchFromSubgraph } from '../src/execution/plan/plan-run.ts';
import { parseAnswer } from '../src/transports/http/graphql-answer.ts';
import { planOver } from './differential/executors/plan-over.ts';
import { overBytes, utf8, type Answers } from './support/subgraphs-in-bytes.ts';

const subgraphs = {
  shop: `
    scalar Code
    enum Size { SMALL LARGE HIDDEN @inaccessible }
    type Query { items: [Item!] item: Item grid: [[Item]] first: Item page: Page }
    type Mutation { put: Item drop: Item }
    type Page { items: [Item!]! next: Page count: Int! }
    type Item @key(fields: "code number") @key(fields: "sku") {
      code: Code! number: Int! sku: ID! title: String @shareable weight: Float size: Size data: Code maker: Maker box: Box @shareable secret: String @inaccessible
    }
    type Box @shareable { width: Int! }
    type Maker @key(fields: "id") { id: ID! }
  `,
  stock: `
    scalar Code
    type Query { counted: Item @provides(fields: "title") }
    type Mutation { count: Item! }
    type Item @key(fields: "code number") { code: Code! number: Int! left: Int shelf: Shelf weight: Float @external fee: Int @requires(fields: "weight") title: String @external }
    type Shelf { place: String makers: [Maker] }
    type Maker @key(fields: "id") { id: ID! }
  `,
  makers: `
    type Query { makers: [Maker] }
    type Maker @key(fields: "id") { id: ID! name: String! parent: Maker }
  `,
};

const over = (text: string) => overBytes(subgraphs, text);
const maker = (id: string | number) => `{"__typename":"Maker","id":${JSON.stringify(id)}}`;
const data = (text: string) => `{"data":${text}}`;
const itemWith = (code: string, text: string) => `{"__typename":"Item","code":${code},"number":1,${text}}`;
const entities = (...texts: string[]) => data(`{"_entities":[${texts.join(',')}]}`);

describe('what an answer may hold beside what is known', () => {
  test.each(['"tape":[0,0,0]', '"tape":[0],"bytes":[91,93]', '"tape":null,"bytes":"data"', '"bytes":{"type":"Buffer","data":[1]}'])(
    'fields of no meaning are passed over: %s',
    async (fields) => {
      const sent = await over('{ item { title } }')({ shop: [`{"data":{"item":{"title":"A"}},${fields}}`] });
      expect(sent).toMatchObject({ result: '{"data":{"item":{"title":"A"}}}', isSpliced: false });
    },
  );
});

describe('what several fetches are asked in the same words', () => {
  const execute = over('{ items { maker { name } } first { maker { name } } }');
  const shop = data(`{"items":[{"maker":${maker('1')}}],"first":{"maker":${maker('1')}}}`);

  test('is answered to each of them by itself', async () => {
    const sent = await execute({ shop: [shop], makers: [entities('{"name":"A"}'), entities('{"name":"B"}')] });
    expect(sent).toMatchObject({ isSpliced: true, result: data('{"items":[{"maker":{"name":"A"}}],"first":{"maker":{"name":"B"}}}') });
  });

  test.each([
    ['the first', [new Error('Gone'), entities('{"name":"B"}')]],
    ['the second', [entities('{"name":"A"}'), new Error('Gone')]],
    ['the second, as it says', [entities('{"name":"A"}'), '{"errors":[{"message":"Gone"}],"data":{"_entities":[null]}}']],
  ])('is failed by one of them, and not by the other: %s', async (_, makers) => {
    const { result, isSpliced, asked } = await execute({ shop: [shop], makers });
    expect(isSpliced).toBe(false);
    expect(result).toMatch(/Gone/);
    expect(result).toMatch(/"name":/);
    expect(asked).toHaveLength(3);
  });
});

test.each([
  ['1', '1', '"weight":1.50', '"weight":1.5'],
  ['"c"', '"c"', '"weight":2.0', '"weight":2.00'],
  ['{"b":1,"a":[2.50,null]}', '{"b":1,"a":[2.5,null]}', '"weight":null', '"weight":null'],
])('numbers that are written in several ways are asked for as often as by others: code %s', async (one, other, weight, otherWeight) => {
  const sent = await over('{ items { fee } }')({
    shop: [data(`{"items":[${itemWith(one, weight)},${itemWith(other, otherWeight)}]}`)],
    stock: ['{"errors":[{"message":"No."}],"data":{"_entities":[{"fee":null}]}}'],
  });
  expect(sent.asked).toHaveLength(2);
});

test('of what several fetches bring, the last counts, though the first has all that is asked for', async () => {
  const entity = 'type A @key(fields: "id") { id: ID! name: String @shareable }';
  const { document, operation, supergraph } = planOver(
    { one: `type Query { a: A } ${entity}`, two: entity },
    '{ a { __typename id name } }',
  );
  const root: FetchNode = {
    kind: 'Fetch',
    serviceName: 'one',
    operation: '{ a { __typename id name } }',
    operationName: undefined,
    operationKind: OperationTypeNode.QUERY,
  };
  const again: FetchNode = {
    ...root,
    serviceName: 'two',
    operation: 'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on A { name } } }',
    requires: [{ kind: 'InlineFragment', typeCondition: 'A', selections: ['__typename', 'id'].map((name) => ({ kind: 'Field', name })) }],
  };
  const plan: QueryPlan = {
    kind: 'QueryPlan',
    node: { kind: 'Sequence', nodes: [root, { kind: 'Flatten', path: ['a'], node: again }] },
  };
  const schemas = { api: supergraph.api, supergraph: supergraph.whole };
  const executable = makeExecutable({ plan, operation: { document, operation }, schemas });
  const fetch: FetchFromSubgraph = async (subgraph, { scan }) => {
    const bytes = Buffer.from(subgraph === 'one' ? data('{"a":{"__typename":"A","id":"1","name":"first"}}') : entities('{"name":"last"}'));
    return scan?.(bytes) ?? parseAnswer(bytes.toString(), 200);
  };
  const response = await executable.executeToSend({ variables: {}, fetch, hasBytes: () => true });
  expect(response).toEqual(Buffer.from(data('{"a":{"__typename":"A","id":"1","name":"last"}}')));
});

describe('how long a plan is tried', () => {
  const execute = over('{ items { title } }');
  const good = data('{"items":[{"title":"A"}]}');

  test('a subgraph that fails for some time is spliced again afterwards', async () => {
    for (let times = 0; times < 100; times++) await execute({ shop: [new Error('Gone')] });
    const sent = [];
    for (let times = 0; times < 100; times++) sent.push(await execute({ shop: [good] }));
    expect(sent.at(-1)?.isSpliced).toBe(true);
  });
});

test('a response that is out of all proportion to its answers is left to others', async () => {
  const { plan, document, operation, supergraph } = planOver(subgraphs, '{ items { maker { name } } }');
  const schemas = { api: supergraph.api, supergraph: supergraph.whole };
  const executable = makeExecutable({ plan, operation: { document, operation }, schemas });
  const named = Buffer.from(entities(`{"name":"${'A'.repeat(1024 * 1024)}"}`));
  const send = async (count: number) => {
    const items = Array.from({ length: count }, () => `{"maker":${maker('1')}}`);
    const fetch: FetchFromSubgraph = async (subgraph, { scan }) => {
      const bytes = subgraph === 'shop' ? Buffer.from(data(`{"items":[${items.join(',')}]}`)) : named;
      return scan?.(bytes) ?? parseAnswer(bytes.toString(), 200);
    };
    return await executable.executeToSend({ variables: {}, fetch, hasBytes: () => true });
  };
  expect(await send(10)).toHaveLength(10 * 1024 * 1024 + 10 * '{"maker":{"name":""}},'.length + '{"data":{"items":[]}}'.length - 1);
  expect(await send(80)).toMatchObject({ data: { items: { length: 80 } } });
});

/** Answers that are others for each request. */
function answersOf(request: number): Answers {
  const item = (index: number) =>
    `{"__typename":"Item","code":"c${request}-${index % 2}","number":${index},"title":"t${request}","weight":null,"maker":${maker(request)}}`;
  const items = Array.from({ length: request + 2 }, (_, index) => item(index));
  return {
    shop: [data(`{"items":[${items.join(',')}],"first":{"__typename":"Item","code":1,"number":${request}}}`)],
    stock: [entities(...items.map((_, index) => `{"left":${request * 10 + index},"fee":${index}}`)), entities(`{"left":${request}}`)],
    makers: [entities(`{"name":"m${request}","parent":{"id":"p${request}"}}`)],
  };
}

describe('two requests for one operation at the same time', () => {
  test('each get their own', async () => {
    const execute = over('{ items { title left fee maker { name parent { id } } } first { left } }');
    const requests = Array.from({ length: 20 }, (_, request) => request);
    const sent = await Promise.all(requests.map(async (request) => await execute(answersOf(request))));
    expect(sent.map(({ isSpliced }) => isSpliced)).toEqual(requests.map(() => true));
    for (const [request, { result }] of sent.entries()) {
      expect(result.match(/"(?:title|name|id)":"[tmp]\d+/g)?.every((text) => text.endsWith(`${request}`))).toBe(true);
    }
  });
});

describe('operations of all kinds', () => {
  const item = '{"__typename":"Item","code":[1,{"a":"b"}],"number":1}';

  test('with names that other code knows', async () => {
    const sent = await over(
      '{ toString: item { constructor: title __proto__: sku hasOwnProperty: __typename then: maker { length: name } } }',
    )({
      shop: [data(`{"toString":{"constructor":"A","__proto__":"S","hasOwnProperty":"Item","then":${maker('1')}}}`)],
      makers: [entities('{"length":"B"}')],
    });
    expect(sent).toMatchObject({
      isSpliced: true,
      result: data('{"toString":{"constructor":"A","__proto__":"S","hasOwnProperty":"Item","then":{"length":"B"}}}'),
    });
  });

  test.each([
    [true, true, '{"items":[{"left":1,"maker":{"name":"B","parent":{"name":"P"}}}]}'],
    [true, false, '{"items":[{"left":1,"title":"A"}]}'],
    [false, true, '{"items":[{"maker":{"name":"B","parent":{"name":"P"}}}],"item":{"title":"A"}}'],
    [false, false, '{"items":[{"title":"A"}],"item":{"title":"A"}}'],
  ])('with conditions that are %s and %s', async (a, b, expected) => {
    const execute = over(`query($a: Boolean!, $b: Boolean = true) {
      items { left @include(if: $a) title @skip(if: $b) maker @include(if: $b) { name parent { name } } }
      item @skip(if: $a) { title }
    }`);
    const fields = ['"__typename":"Item","code":"c","number":1', ...(b ? [] : ['"title":"A"']), ...(b ? [`"maker":${maker('1')}`] : [])];
    const sent = await execute(
      {
        shop: [data(`{"items":[{${fields.join(',')}}]${a ? '' : ',"item":{"title":"A"}'}}`)],
        stock: [entities('{"left":1}')],
        makers: [entities('{"name":"B","parent":{"name":"P"}}')],
      },
      { variables: b ? { a } : { a, b } },
    );
    expect(sent).toMatchObject({ isSpliced: true, result: data(expected) });
  });

  test('with mutations of several subgraphs, one after the other', async () => {
    const execute = over(
      'mutation { put { title maker { name } } count { left shelf { makers { name } } } drop { left } again: put { sku } }',
    );
    const shop = [
      data(`{"put":{"title":"A","maker":${maker('1')}}}`),
      data('{"drop":{"__typename":"Item","code":"c","number":1},"again":{"sku":"s"}}'),
    ];
    const stock = [data(`{"count":{"left":1,"shelf":{"makers":[${maker('1')},null,${maker('2')}]}}}`), entities('{"left":2}')];
    const makers = [entities('{"name":"One"}'), entities('{"name":"Two"}', '{"name":"Three"}')];
    const sent = await execute({ shop, stock, makers });
    expect(sent.isSpliced).toBe(true);
    expect(sent.asked.map((asked) => asked.split(' ')[0])).toEqual(['shop', 'makers', 'stock', 'makers', 'shop', 'stock']);
    for (const failing of [0, 1, 2, 3, 4, 5]) {
      const order = [shop[0], makers[0], stock[0], makers[1], shop[1], stock[1]];
      const spoilt = (answers: readonly string[]) => answers.map((answer) => (answer === order[failing] ? '{"data":null}' : answer));
      const failed = await execute({ shop: spoilt(shop), stock: spoilt(stock), makers: spoilt(makers) });
      expect(failed.isSpliced).toBe(false);
      expect(failed.asked.filter((asked) => asked.endsWith('null'))).toHaveLength(3);
    }
  });

  test('with keys of several fields, in which there is any value', async () => {
    const sent = await over('{ items { left } }')({
      shop: [
        data(
          `{"items":[{"__typename":"Item","code":1,"number":1},{"__typename":"Item","code":"1","number":1},{"__typename":"Item","code":[true,"ü"],"number":-2}]}`,
        ).replace('ü', utf8('ü')),
      ],
      stock: [entities('{"left":1}', '{"left":2}', '{"left":null}')],
    });
    expect(sent).toMatchObject({ isSpliced: true, result: data('{"items":[{"left":1},{"left":2},{"left":null}]}') });
    expect(sent.asked[1]).toBe(
      'stock [{"__typename":"Item","code":1,"number":1},{"__typename":"Item","code":"1","number":1},{"__typename":"Item","code":[true,"ü"],"number":-2}]',
    );
  });

  test('with lists in lists', async () => {
    const grid = over('{ grid { title box { width } } }');
    const rows = '[[],null,[null,{"title":null,"box":null},{"title":"A","box":{"width":1}}]]';
    expect(await grid({ shop: [data(`{"grid":${rows}}`)] })).toMatchObject({ isSpliced: true, result: data(`{"grid":${rows}}`) });
    const fetched = await over('{ grid { left } }')({
      shop: [data(`{"grid":[[${item},null],[${item}]]}`)],
      stock: [entities('{"left":1}')],
    });
    expect(fetched.result).toBe(data('{"grid":[[{"left":1},null],[{"left":1}]]}'));
  });

  test('with pages within pages, some of which are empty', async () => {
    const execute = over('{ page { next { items { maker { name } } next { items { maker { name } left } count } } } }');
    const whole = `{"__typename":"Item","code":"c","number":1,"maker":${maker('2')}}`;
    const page = (items: string, inner: string) => data(`{"page":{"next":{"items":[${items}],"next":${inner}}}}`);
    const one = await execute({
      shop: [page(`{"maker":null},{"maker":${maker('1')}}`, `{"items":[${whole},${whole}],"count":2}`)],
      stock: [entities('{"left":1}')],
      makers: [entities('{"name":"One"}'), entities('{"name":"Two"}')],
    });
    expect(one.isSpliced).toBe(true);
    const two = await execute({ shop: [page('', 'null')] });
    expect(two).toMatchObject({ isSpliced: true, result: page('', 'null') });
    expect((await execute({ shop: [data('{"page":null}')] })).isSpliced).toBe(true);
    expect((await execute({ shop: [page('', '{"items":null,"count":1}')] })).isSpliced).toBe(false);
  });

  test('with values that clients may not see', async () => {
    const execute = over('{ item { size title } }');
    expect((await execute({ shop: [data('{"item":{"size":"LARGE","title":"A"}}')] })).isSpliced).toBe(true);
    expect(await execute({ shop: [data('{"item":{"size":"HIDDEN","title":"A"}}')] })).toMatchObject({ isSpliced: false });
  });

  test('with a field that is provided, and one that requires another', async () => {
    const counted = await over('{ counted { title } }')({ stock: [data('{"counted":{"title":"A"}}')] });
    expect(counted).toMatchObject({ isSpliced: true, result: data('{"counted":{"title":"A"}}') });
    const weighed = await over('{ item { fee } }')({
      shop: [data('{"item":{"__typename":"Item","code":"c","number":1,"weight":3}}')],
      stock: [entities('{"fee":9}')],
    });
    expect(weighed).toMatchObject({ isSpliced: true, result: data('{"item":{"fee":9}}') });
    expect(weighed.asked[1]).toBe('stock [{"__typename":"Item","code":"c","number":1,"weight":3}]');
  });
});
