import { abstractTypes } from './abstract-types.ts';
import { brokenAnswers } from './broken-answers.ts';
import { keys } from './keys.ts';
import { mergedTypes } from './merged-types.ts';
import { mutations } from './mutations.ts';
import { requirements } from './requirements.ts';

// In one file, since what they all need costs more to load than they do to run.
keys();
requirements();
abstractTypes();
mergedTypes();
mutations();
brokenAnswers();
