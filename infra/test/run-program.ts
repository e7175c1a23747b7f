import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

const TSX = pathToFileURL(require.resolve('tsx')).href;

/** A folder of its own for a test, removed after it. */
export function makeFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pull-request-hook-'));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** Runs one of the programs in `bin/` in `folder`, with nothing else than `folder` on the PATH. */
export function runProgram(program: string, folder: string, environment: Record<string, string> = {}) {
  const { status, stderr } = spawnSync(process.execPath, ['--import', TSX, join(__dirname, '../bin', program)], {
    cwd: folder,
    env: { PATH: folder, TMPDIR: folder, ...environment },
    encoding: 'utf8',
  });
  return { status, stderr };
}
