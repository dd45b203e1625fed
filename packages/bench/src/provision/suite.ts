import type { Scenario } from '../scenario.ts';
import { defineSuite } from '../suite.ts';
import { openProvisionFixture, type ProvisionFixture } from './fixture.ts';
import { latency } from './latency.ts';
import { move } from './move.ts';
import { sustained } from './sustained.ts';

export const scenarios: readonly Scenario<ProvisionFixture>[] = [latency, sustained, move];

export const provisionSuite = defineSuite({
  name: 'provision',
  title: 'Provisioning, against a bare clone and the tutorial’s way',
  open: openProvisionFixture,
  scenarios,
});
