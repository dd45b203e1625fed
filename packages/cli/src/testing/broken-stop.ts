/** Loaded before a command, has parts of it fail when it is told to stop. `node --import broken-stop.ts` */
const { clearInterval: clear } = globalThis;
process.once('SIGTERM', () => {
  globalThis.clearInterval = (timer) => {
    clear(timer);
    throw new Error('the stop broke');
  };
});
