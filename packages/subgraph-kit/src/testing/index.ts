export {
  createHttpTestCaller,
  createTestCaller,
  type Answer,
  type AskOptions,
  type TestCaller,
  type TestCallerOptions,
  type TestSubscription,
} from './caller.ts';
export { memberOf, openTestInstallation, operatorWith, type TestInstallation } from './installation.ts';
export { startStatementRecorder, type RecordedStatement, type StatementRecorder } from './statement-recorder.ts';
