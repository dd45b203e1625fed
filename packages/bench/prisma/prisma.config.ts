/** For the generation of the client; the databases are the benchmarks' to make. */
export default {
  schema: 'schema.prisma',
};
