import { EventEmitter, on } from 'node:events';

const changes = new EventEmitter().setMaxListeners(0);

/** Has every subscription to what is called `id` tell of a change. */
export function tellChange(id: string): void {
  changes.emit(id);
}

/** How many wait to be told of changes of what is called `id`. */
export function listenersTo(id: string): number {
  return changes.listenerCount(id);
}

export async function* changesOf(id: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
  for await (const _change of on(changes, id, signal && { signal })) yield id;
}
