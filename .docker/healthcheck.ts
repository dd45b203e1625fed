/** Exits with 0 when the service of this container is ready, else with 1 and what `/readyz` said, which `docker inspect` shows. */
const timeoutMs = 4000;

const response = await fetch(`http://127.0.0.1:${process.env['PORT']}/readyz`, { signal: AbortSignal.timeout(timeoutMs) });
if (!response.ok) {
  console.error(response.status, await response.text());
  process.exitCode = 1;
}
