import { OperationTypeNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import { makeExecutable } from '../src/execution/executable-operation.ts';
import type { FetchFromSubgraph } from '../src/execution/plan/plan-run.ts';
import { parseAnswer } from '../src/transports/http/graphql-answer.ts';
import { planOver } from './differential/executors/plan-over.ts';
import { overBytes, utf8 } from './support/subgraphs-in-bytes.ts';

const subgraphs = {
  books: `
    type Query { books: [Book] best: Book! search: Found }
    type Mutation { add(title: String): Book }
    type Book @key(fields: "id") { id: ID! title: String pages: Int! price: Float kind: Kind author: Author notes: Note }
    type Note { text: String! by: String }
    type Author @key(fields: "id") { id: ID! }
    union Found = Book | Author
    enum Kind { NOVEL POEM }
  `,
  authors: `
    type Author @key(fields: "id") { id: ID! name: String! born: Int agent: Agent }
    type Agent @key(fields: "id") { id: ID! }
  `,
  agents: 'type Agent @key(fields: "id") { id: ID! city: String! }',
};

const over = (text: string) => overBytes(subgraphs, text);

const author = (id: string) => `{"__typename":"Author","id":"${id}"}`;

describe('a response is spliced of the bytes of answers', () => {
  test('from one subgraph: as it came', async () => {
    const execute = over('{ books { id title price kind notes { text by } } }');
    const books = String.raw`[{"id":"1","title":"A \"B\" \u00e9","price":12.50,"kind":"NOVEL","notes":null},null,{"id":2,"title":null,"price":null,"kind":null,"notes":{"text":"","by":"C"}}]`;
    const { result, isSpliced } = await execute({ books: [`{"data":{"books":${books}}}\n`] });
    expect(result).toBe(`{"data":{"books":${books}}}`);
    expect(isSpliced).toBe(true);
  });

  test('from several: each entity is asked for once, and stands wherever it belongs', async () => {
    const execute = over('{ books { title author { born agent { city } name id __typename } } best { pages author { name } } }');
    const { result, isSpliced, asked } = await execute({
      books: [
        `{"data":{"books":[{"title":"A","author":${author('1')}},{"title":"B","author":null},null,{"title":"C","author":${author('2')}},{"title":"D","author":${author('1')}}],"best":{"pages":3,"author":${author('3')}}}}`,
      ],
      authors: [
        '{"data":{"_entities":[{"__typename":"Author","born":1900,"agent":{"__typename":"Agent","id":"x"},"name":"One"},{"__typename":"Author","born":null,"agent":null,"name":"Two"}]}}',
        '{"data":{"_entities":[{"name":"Three"}]}}',
      ],
      agents: ['{"data":{"_entities":[{"city":"Bern"}]}}'],
    });
    const one = '{"born":1900,"agent":{"city":"Bern"},"name":"One","id":"1","__typename":"Author"}';
    const two = '{"born":null,"agent":null,"name":"Two","id":"2","__typename":"Author"}';
    expect(result).toBe(
      `{"data":{"books":[{"title":"A","author":${one}},{"title":"B","author":null},null,{"title":"C","author":${two}},{"title":"D","author":${one}}],"best":{"pages":3,"author":{"name":"Three"}}}}`,
    );
    expect(isSpliced).toBe(true);
    expect(asked.toSorted()).toEqual([
      'agents [{"__typename":"Agent","id":"x"}]',
      `authors [${author('1')},${author('2')}]`,
      `authors [${author('3')}]`,
      'books null',
    ]);
  });

  test('with nothing to ask for, nobody is asked', async () => {
    const execute = over('{ books { title author { name } } }');
    const { result, asked } = await execute({ books: ['{"data":{"books":[{"title":"A","author":null}]}}'] });
    expect(result).toBe('{"data":{"books":[{"title":"A","author":null}]}}');
    expect(asked).toEqual(['books null']);
  });

  test('whatever letters it is in', async () => {
    const title = 'Überall “so” 🙂';
    const { result, isSpliced } = await over('{ books { title } }')({ books: [utf8(`{"data":{"books":[{"title":"${title}"}]}}`)] });
    expect(result).toBe(`{"data":{"books":[{"title":"${title}"}]}}`);
    expect(isSpliced).toBe(true);
  });

  test('and not where objects may be of several types, or where a transport has no bytes', async () => {
    const found = await over('{ search { __typename } }')({ books: ['{"data":{"search":{"__typename":"Book"}}}'] });
    expect(found).toMatchObject({ isSpliced: false, result: '{"data":{"search":{"__typename":"Book"}}}' });
    const parsed = await over('{ books { id } }')({ books: ['{"data":{"books":[]}}'] }, { hasBytes: false });
    expect(parsed).toMatchObject({ isSpliced: false, result: '{"data":{"books":[]}}' });
  });
});

describe('what is not as expected is answered in the general way, without asking again', () => {
  const book = '{"id":"1","title":"A","pages":1,"kind":"POEM","author":{"__typename":"Author","id":"1"}}';
  const authors = ['{"data":{"_entities":[{"name":"One"}]}}'];
  const execute = over('{ books { id title pages kind author { name } } }');
  const expected = '{"data":{"books":[{"id":"1","title":"A","pages":1,"kind":"POEM","author":{"name":"One"}}]}}';

  test.each([
    ['spaces', `{"data": {"books": [${book}]}}`],
    ['other fields beside data', `{"data":{"books":[${book}]},"extensions":{"a":1}}`],
    ['data that is not first', `{"extensions":{},"data":{"books":[${book}]}}`],
    ['fields in another order', `{"data":{"books":[${book.replace('"id":"1","title":"A"', '"title":"A","id":"1"')}]}}`],
    ['a field twice', `{"data":{"books":[${book.replace('"title":"A"', '"title":"B","title":"A"')}]}}`],
    ['a name with an escape', `{"data":{"books":[${book.replace('"title"', String.raw`"\u0074itle"`)}]}}`],
    ['a number with an exponent', `{"data":{"books":[${book.replace('"pages":1', '"pages":10e-1')}]}}`],
    ['a key in other letters', `{"data":{"books":[${book.replace('"Author","id":"1"', String.raw`"Author","id":"\u0031"`)}]}}`],
  ])('%s', async (_, books) => {
    const { result, isSpliced, asked } = await execute({ books: [books], authors });
    expect({ result, isSpliced }).toEqual({ result: expected, isSpliced: false });
    expect(asked).toEqual(['books null', 'authors [{"__typename":"Author","id":"1"}]']);
  });

  test.each([
    ['errors', `{"errors":[{"message":"Boom"}],"data":{"books":[${book}]}}`, /Boom.*"name":"One"/],
    ['no data', '{"data":null,"errors":[{"message":"Boom"}]}', /Boom.*"data":\{"books":null\}/],
    ['null where none may be', `{"data":{"books":[${book.replace('"pages":1', '"pages":null')}]}}`, /^\{"data":\{"books":\[null\]\}/],
    ['a value of another type', `{"data":{"books":[${book.replace('"title":"A"', '"title":7')}]}}`, /"title":null/],
    ['a value that the schema has not', `{"data":{"books":[${book.replace('POEM', 'PLAY')}]}}`, /"kind":null/],
    ['an object of another type', `{"data":{"books":[${book.replace('"__typename":"Author"', '"__typename":"Agent"')}]}}`, /"author":null/],
    ['a missing field', `{"data":{"books":[${book.replace('"title":"A",', '')}]}}`, /"title":null/],
  ])('%s', async (_, books, response) => {
    const { result, isSpliced, asked } = await execute({ books: [books], authors });
    expect(result).toMatch(response);
    expect(isSpliced).toBe(false);
    expect(new Set(asked).size).toBe(asked.length);
  });

  test.each([
    ['fewer entities', '{"data":{"_entities":[]}}'],
    ['more entities', '{"data":{"_entities":[{"name":"One"},{"name":"Two"}]}}'],
    ['an entity that there is not', '{"data":{"_entities":[null]}}'],
    ['no JSON', '{"data":{"_entities":[{"name":"One"}]}'],
    ['a line in a string', '{"data":{"_entities":[{"name":"O\nne"}]}}'],
    ['more after the end', '{"data":{"_entities":[{"name":"One"}]}}}'],
  ])('of entities: %s', async (_, answer) => {
    const { result, isSpliced, asked } = await execute({ books: [`{"data":{"books":[${book}]}}`], authors: [answer] });
    expect(isSpliced).toBe(false);
    expect(result).toContain('"author":null');
    expect(asked).toHaveLength(2);
  });

  test('bytes that are no UTF-8 are replaced', async () => {
    const { result, isSpliced } = await execute({ books: [`{"data":{"books":[${book.replace('"A"', '"A\xff"')}]}}`], authors });
    expect(result).toBe(expected.replace('"A"', '"A\ufffd"'));
    expect(isSpliced).toBe(false);
  });

  test('a subgraph that does not answer', async () => {
    const { result, asked } = await execute({ books: [`{"data":{"books":[${book}]}}`], authors: [new Error('Gone')] });
    expect(result).toMatch(/Gone.*"author":null/);
    expect(asked).toHaveLength(2);
  });

  test('a mutation is not done twice', async () => {
    const add = over('mutation { add(title: "A") { title author { name } } }');
    const { result, asked } = await add({
      books: ['{"data":{"add":{"title":"A","author":{"__typename":"Author","id":"1"}}}}'],
      authors: ['{"errors":[{"message":"Boom"}],"data":{"_entities":[null]}}'],
    });
    expect(result).toContain('Boom');
    expect(asked).toEqual(['books null', 'authors [{"__typename":"Author","id":"1"}]']);
  });
});

test('a plan whose answers are never as expected is no longer scanned', async () => {
  const { plan, document, operation, supergraph } = planOver(subgraphs, '{ books { id } }');
  const schemas = { api: supergraph.api, supergraph: supergraph.whole };
  const executable = makeExecutable({ plan, operation: { document, operation }, schemas });
  let scanned = 0;
  const fetch: FetchFromSubgraph = async (_subgraph, { scan }, kind) => {
    expect(kind).toBe(OperationTypeNode.QUERY);
    if (scan) scanned++;
    const bytes = Buffer.from('{"data": {"books": []}}');
    return scan?.(bytes) ?? parseAnswer(bytes.toString(), 200);
  };
  for (let times = 0; times < 100; times++) await executable.executeToSend({ variables: {}, fetch, hasBytes: () => true });
  expect(scanned).toBeGreaterThan(1);
  expect(scanned).toBeLessThan(50);
});
