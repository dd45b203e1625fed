/** The items of `source`, whose errors are turned into others. To return the iterator ends `source` too, even while it waits. */
export function rewordedErrors<Item>(source: AsyncIterable<Item>, reword: (error: unknown) => Error): AsyncIterable<Item> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      return {
        next: async () => await reworded(iterator.next(), reword),
        return: async () => await reworded(iterator.return?.() ?? Promise.resolve({ done: true as const, value: undefined }), reword),
      };
    },
  };
}

async function reworded<Result>(step: Promise<Result>, reword: (error: unknown) => Error): Promise<Result> {
  try {
    return await step;
  } catch (error) {
    throw reword(error);
  }
}
