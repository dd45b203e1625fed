import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { drainGraceMs } from './drain-connections.ts';

/** How every connection of HTTP/2 begins (RFC 9113 §3.4), and no request of HTTP/1.1. */
const prefaceStart = 'PRI';

/** Bytes of bodies on their way that a client may send without waiting for an acknowledgement, for each request and for a connection. */
const windowBytes = { request: 1024 * 1024, connection: 16 * 1024 * 1024 };

/** MB that a connection may hold before it takes no more requests: many long answers go over one. */
const maxSessionMB = 1024;

/**
 * Has `server` speak HTTP/2 beside HTTP/1.1, on the same port and without TLS, with clients that begin so (prior knowledge, RFC 9113 §3.3).
 * Requests pass the same hooks and routes; the time that one may take to arrive, the time that a connection may idle, and what
 * {@link drainConnections} promises, are as for HTTP/1.1.
 */
export function acceptHttp2(server: FastifyInstance): void {
  const { server: listener } = server;
  const { requestTimeout: requestTimeoutMs, keepAliveTimeout: idleMs } = listener;
  const http2 = createServer({ settings: { initialWindowSize: windowBytes.request }, maxSessionMemory: maxSessionMB });
  const sessions = new Set<ServerHttp2Session>();
  const undecided = new Set<Socket>();
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.setLocalWindowSize(windowBytes.connection);
    session.setTimeout(idleMs, () => session.close());
  });
  http2.on('stream', (stream) => {
    if (stream.endAfterHeaders) return;
    cutIfLate(stream, requestTimeoutMs);
    dropUnread(stream);
  });
  http2.on('request', (request, response) => listener.emit('request', request, response));

  const speakHttp1 = listener.listeners('connection');
  listener.removeAllListeners('connection');
  listener.on('connection', (socket: Socket) => {
    undecided.add(socket);
    socket.once('close', () => undecided.delete(socket));
    readStart(socket, requestTimeoutMs, (start) => {
      undecided.delete(socket);
      if (start === prefaceStart) http2.emit('connection', socket);
      else for (const speak of speakHttp1) speak.call(listener, socket);
    });
  });
  server.addHook('preClose', async () => {
    for (const socket of undecided) socket.destroy();
    // Lets what is under way be answered.
    for (const session of sessions) session.close();
    setTimeout(() => sessions.forEach((session) => session.destroy()), drainGraceMs).unref();
  });
}

/** Calls `decide` once with the first characters that come, which are left to be read again, or cuts the connection if none do. */
function readStart(socket: Socket, timeoutMs: number, decide: (start: string) => void): void {
  const stopTimer = startTimer(timeoutMs, () => socket.destroy());
  const fail = () => socket.destroy();
  let bytes = Buffer.alloc(0);
  const look = () => {
    const more: Buffer | null = socket.read();
    if (!more) return;
    bytes = Buffer.concat([bytes, more]);
    const start = bytes.toString('latin1', 0, prefaceStart.length);
    if (start.length < prefaceStart.length && prefaceStart.startsWith(start)) return;
    stopTimer();
    socket.off('readable', look).off('error', fail);
    socket.unshift(bytes);
    decide(start);
  };
  socket.on('error', fail).on('readable', look);
  socket.once('close', stopTimer);
}

/** Cuts a request that does not arrive in full in time. */
function cutIfLate(stream: ServerHttp2Stream, timeoutMs: number): void {
  const stopTimer = startTimer(timeoutMs, () => stream.close(constants.NGHTTP2_CANCEL));
  stream.once('end', stopTimer).once('close', stopTimer);
}

/** Tells a client whose request is answered to send no more of it (RFC 9113 §8.1): nobody would read it, and the connection wait for it. */
function dropUnread(stream: ServerHttp2Stream): void {
  stream.once('finish', () => {
    if (!stream.readableEnded) stream.close();
  });
}

/** @param milliseconds 0: never, as Node's servers have it @returns what stops it */
function startTimer(milliseconds: number, onEnd: () => void): () => void {
  const timer = milliseconds === 0 ? undefined : setTimeout(onEnd, milliseconds);
  return () => clearTimeout(timer);
}
