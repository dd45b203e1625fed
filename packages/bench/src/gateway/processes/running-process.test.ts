import { expect, test } from 'vitest';
import { ProcessEndedError } from '../../errors.ts';
import type { RunningGroup } from './running-group.ts';
import { probeService } from './testing/probe-service.ts';

async function usageOf({ processes }: RunningGroup) {
  return await Promise.all(processes.map(async (process) => await process.usage()));
}

test('a service tells where it is and what it has used, and ends when it is not wanted any more', async () => {
  let url = '';
  {
    await using service = await probeService.start('serves');
    url = service.url;
    expect(await (await fetch(url)).text()).toBe('production');
    const [before] = await usageOf(service);
    await fetch(url);
    const [after] = await usageOf(service);
    expect(after?.cpuMs).toBeGreaterThan(before?.cpuMs ?? Infinity);
    expect(after?.peakMemoryMb).toBeGreaterThan(10);
  }
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});

test('a service that cannot start says why', async () => {
  await expect(probeService.start('fails')).rejects.toThrow(/probeService could not start: .*on purpose/);
});

test('whoever asks a process that has ended is told, with its last words', async () => {
  await using service = await probeService.start('dies when asked');
  await expect(fetch(service.url)).rejects.toThrow('fetch failed');
  const error = await usageOf(service).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ProcessEndedError);
  expect(String(error)).toContain('ended with 3. Its last words:\nfarewell');
});
