import { InvalidArgumentError, type Argument, type Option } from 'commander';

/** Has an option or argument take one of the API's constants, in any case: `suspended` for `SUSPENDED`. */
export function choice<Part extends Option | Argument>(part: Part, constants: Readonly<Record<string, string>>): Part {
  const values = Object.values(constants);
  part.choices(values.map((value) => value.toLowerCase()));
  part.argParser((text: string) => {
    const value = values.find((each) => each === text.toUpperCase());
    if (value === undefined) throw new InvalidArgumentError(`It must be one of ${values.join(', ').toLowerCase()}.`);
    return value;
  });
  return part;
}
