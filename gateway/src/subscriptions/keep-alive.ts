import type { WebSocket } from 'ws';

/** Pings a peer until disposed of, so that proxies know the connection is in use, and cuts it off when it does not answer in time. */
export function keepAlive(socket: WebSocket, pingMs: number): Disposable {
  let isAnswered = true;
  const onPong = () => (isAnswered = true);
  socket.on('pong', onPong);
  const pinging = setInterval(() => {
    if (!isAnswered) return socket.terminate();
    isAnswered = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, pingMs).unref();
  return {
    [Symbol.dispose]: () => {
      clearInterval(pinging);
      socket.off('pong', onPong);
    },
  };
}
