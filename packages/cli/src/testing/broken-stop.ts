/** Loaded before a command that runs until it is told to stop: everything closes then, and says that it did not. `node --import broken-stop.ts` */
const { prototype } = AsyncDisposableStack;
const failure = new Error('the stop broke');
const close: unknown = Reflect.get(prototype, 'disposeAsync');

process.once('SIGTERM', () => {
  Reflect.set(prototype, 'disposeAsync', async function closeBadly(this: AsyncDisposableStack) {
    if (typeof close === 'function') await close.call(this);
    throw failure;
  });
});
