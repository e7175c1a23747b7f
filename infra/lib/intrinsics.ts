/** A reference to what CloudFormation fills in: `AWS::Region`, or `LogicalId.Attribute`. */
export type WriteReference = (reference: string) => string;

/**
 * Writes a resolved template value as plain data, with `write` in the place of every reference.
 *
 * @throws Error for an intrinsic function other than those that CDK uses here: Ref, Fn::GetAtt, Fn::Join and Fn::Sub with a text.
 */
export function writeReferences(value: unknown, write: WriteReference): unknown {
  if (Array.isArray(value)) {
    return value.map((entry) => writeReferences(entry, write));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value as Record<string, unknown>);
  const [key, argument] = entries[0] ?? [];
  if (entries.length === 1 && key === 'Ref') {
    return write(String(argument));
  }
  if (entries.length === 1 && key === 'Fn::GetAtt') {
    return write((argument as string[]).join('.'));
  }
  if (entries.length === 1 && key === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map((part) => writeReferences(part, write)).join(separator);
  }
  if (entries.length === 1 && key === 'Fn::Sub' && typeof argument === 'string') {
    return argument.replace(/\$\{([^}]+)\}/g, (_, reference: string) => write(reference));
  }
  if (entries.length === 1 && key?.startsWith('Fn::') === true) {
    throw new Error(`${key} is not known here: add it to writeReferences`);
  }
  return Object.fromEntries(entries.map(([name, entry]) => [name, writeReferences(entry, write)]));
}
