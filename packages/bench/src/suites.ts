import { poolSuite } from './pool/suite.ts';
import { gatewaySuite } from './gateway/suite.ts';
import { provisionSuite } from './provision/suite.ts';
import { subgraphSuite } from './subgraph/suite.ts';
import type { Suite } from './suite.ts';

/** A suite is a folder of scenarios; this is the list of them. */
export const suites: readonly Suite[] = [poolSuite, provisionSuite, gatewaySuite, subgraphSuite];
