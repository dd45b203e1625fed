import type { SubgraphSdl } from './schemas/print-subgraph.ts';

interface HandWrittenSupergraph {
  readonly name: string;
  readonly subgraphs: readonly SubgraphSdl[];
  /** Whether the planner finds all that one server would. */
  readonly isExact: boolean;
}

const link = `extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.9"
  import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject"]
)
`;

/** What generated schemas rarely or never have. */
export const handWrittenSupergraphs: readonly [HandWrittenSupergraph, ...HandWrittenSupergraph[]] = [
  {
    name: 'required fields with arguments, of entities, and of each other',
    // The planner takes a field that the client asks for with other arguments for the one that is required.
    isExact: false,
    subgraphs: subgraphs({
      stock: `
        type Query { parcels: [Parcel!]! parcel: Parcel }
        type Parcel @key(fields: "id") { id: ID! weight(unit: Unit = GRAM): Float! size: Size! contents: [[Item!]!] owner: Owner }
        type Size @shareable { width: Int! height: Int }
        type Item @key(fields: "sku") { sku: ID! price: Int }
        type Owner @key(fields: "name") { name: String! }
        enum Unit { GRAM POUND }`,
      shipping: `
        type Parcel @key(fields: "id") {
          id: ID!
          weight(unit: Unit = GRAM): Float! @external
          size: Size! @external
          contents: [[Item!]!] @external
          fee: Int! @requires(fields: "weight(unit: POUND) size { width height }")
          insurance: String @requires(fields: "contents { price }")
        }
        type Size @shareable { width: Int! height: Int }
        type Item @key(fields: "sku") { sku: ID! price: Int @external }
        enum Unit { GRAM POUND }`,
      billing: `
        type Query { bills: [Bill] }
        type Bill @key(fields: "parcel { id } number") { parcel: Parcel! number: Int! total: Float }
        type Parcel @key(fields: "id") { id: ID! fee: Int! @external tax: Int @requires(fields: "fee") }
        type Owner @key(fields: "name") { name: String! bills: [Bill!]! }`,
    }),
  },
  {
    name: 'an interface object behind an interface',
    // Of an interface object in the place of another interface the planner does not ask for the type.
    isExact: false,
    subgraphs: subgraphs({
      catalogue: `
        type Query { media: [Media!]! items: [Item] }
        interface Item { id: ID! }
        interface Media implements Item @key(fields: "id") { id: ID! title: String }
        type Book implements Media & Item @key(fields: "id") { id: ID! title: String pages: Int! }
        type Film implements Media & Item @key(fields: "id") { id: ID! title: String minutes: Int }`,
      reviews: `
        type Query { reviewed: [[Media]] newest: Item newestOf: [Item!] }
        type Mutation { review(stars: Int!): Media praise: Item }
        interface Item { id: ID! }
        type Media implements Item @interfaceObject @key(fields: "id") { id: ID! stars(least: Int): [Int!] reviews: [Review!]! related: [Media!] }
        type Review @key(fields: "id") { id: ID! text: String media: Media! }`,
      moderation: `type Review @key(fields: "id") { id: ID! isHidden: Boolean! by: String }`,
    }),
  },
  {
    name: 'fields that objects type more closely than their interfaces',
    isExact: true,
    subgraphs: subgraphs({
      shelf: `
        type Query { work: Work works: [[Work]!] book: Book }
        type Mutation { lend(id: ID): Work }
        interface Work { id: ID! }
        type Book implements Work @key(fields: "id") { id: ID! }
        type Film implements Work @key(fields: "id") { id: ID! }`,
      catalogue: `
        type Query { newest: Work }
        interface Work { sequel: Work copies: [Holding] }
        interface Holding { place: String holder: Work }
        type Book implements Work @key(fields: "id") { id: ID! title: String sequel: Book copies: [Volume!] }
        type Film implements Work @key(fields: "id") { id: ID! minutes: Int! sequel: Film copies: [Holding]! }
        type Volume implements Holding @shareable { place: String holder: Book shelf: Int }
        type Reel implements Holding @shareable { place: String holder: Film! metres: Int }`,
    }),
  },
  {
    name: 'entities that are only named, keys of one subgraph after the other, fields that moved',
    isExact: true,
    subgraphs: subgraphs({
      one: `
        type Query { a: A as: [[A!]] either: [Either!] }
        type A @key(fields: "one") { one: ID! b: B! bs: [B] same: Same }
        type B @key(fields: "id", resolvable: false) { id: ID! }
        type Same @shareable { x: Int deep: Deep }
        type Deep @shareable { y: String! }
        union Either = A | Same`,
      two: `
        type Mutation { changeA(one: ID): A }
        type A @key(fields: "one") @key(fields: "two { x }") { one: ID! two: Two! fromTwo: [Either] moved: Int }
        type Two @shareable { x: String! }
        union Either = A | Same
        type Same @shareable { x: Int deep: Deep }
        type Deep @shareable { y: String! }`,
      three: `
        type Query { bsOfThree: [B!] }
        type Mutation { changeB: B! }
        type A @key(fields: "two { x }") { two: Two! fromThree: Int! moved: Int @override(from: "two") hidden: B @inaccessible }
        type Two @shareable { x: String! }
        type B @key(fields: "id") { id: ID! a: A @provides(fields: "provided") named: Named }
        extend type A { provided: String @external }
        interface Named { name: String }
        type Tag implements Named @shareable { name: String! a: A }`,
      four: `type A @key(fields: "two { x }") { two: Two! provided: String @shareable } type Two @shareable { x: String! }`,
    }),
  },
];

function subgraphs(sdls: Readonly<Record<string, string>>): SubgraphSdl[] {
  return Object.entries(sdls).map(([name, sdl]) => ({ name, sdl: `${link}${sdl}` }));
}
