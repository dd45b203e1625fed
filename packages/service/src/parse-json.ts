/** @returns undefined where `text` is no JSON, so that one schema tells both that and any other fault */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
