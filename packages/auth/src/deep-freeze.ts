/** Freezes `value` and all that it holds, so that it can be shared. Plain data only. */
export function deepFreeze<Value>(value: Value): Readonly<Value> {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
