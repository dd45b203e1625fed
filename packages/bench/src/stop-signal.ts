const signals = ['SIGINT', 'SIGTERM'] as const;

/** Aborts at the first signal to stop, so that a run can remove what it made; at the second, the process ends at once. */
export function stopSignal(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) process.exit(130);
    console.error('\nStopping; once more to stop without cleaning up.');
    controller.abort(new Error('The run was stopped.'));
  };
  for (const signal of signals) process.on(signal, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, listener);
    },
  };
}
