import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// The functions are built from the same tree, so the file that spells the names is always there.
const RUST_FILE = join(__dirname, '../../crates/pull-request-build/src/build_variables.rs');

/** The variables that start-build sets on every build, read from the one Rust file that spells them. */
export function readBuildVariableNames(): string[] {
  const names = [...readFileSync(RUST_FILE, 'utf8').matchAll(/^const [A-Z_]+: &str = "([A-Z_]+)";$/gm)].map(
    ([, name]) => name ?? '',
  );
  if (names.length === 0) {
    throw new Error(`${RUST_FILE} no longer spells the build variables as string constants: adapt the pattern here`);
  }
  return names;
}
