import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import http from 'node:http';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { HookApp } from '../lib/hook-app';
import { EVERYTHING } from './synthesize';

/**
 * Refuses what could reach the network, and lists what was tried: a connection, a datagram, the look-up of a name, or
 * a process, which is the only way in which synthesis, being synchronous, could wait for an answer.
 */
function refuseNetwork({ mock }: TestContext): () => string[] {
  const tried: string[] = [];
  const refuse = (object: object, method: string) => {
    mock.method(object as Record<string, () => void>, method, (...values: unknown[]) => {
      tried.push(
        method.startsWith('spawn') || method.startsWith('exec') ? values.slice(0, 2).flat().join(' ') : method,
      );
      throw new Error(`${method} is refused`);
    });
  };
  refuse(net.Socket.prototype, 'connect');
  refuse(dgram.Socket.prototype, 'send');
  refuse(dns, 'lookup');
  for (const method of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync']) {
    refuse(childProcess, method);
  }
  return () => tried;
}

test('a call of the network is seen', async (context) => {
  const listTried = refuseNetwork(context);
  assert.throws(() => http.get('http://127.0.0.1'), /connect is refused/);
  await assert.rejects(fetch('http://127.0.0.1'));
  assert.throws(() => childProcess.spawnSync('curl', ['http://127.0.0.1']));
  assert.deepEqual(listTried(), ['connect', 'connect', 'curl http://127.0.0.1']);
});

test('synthesis calls no network, and leaves CDK nothing to look up', (context) => {
  const listTried = refuseNetwork(context);
  const app = new HookApp(
    { builtinCloudFormationValidation: false, context: { ...EVERYTHING, 'aws:cdk:bundling-stacks': [] } },
    { env: { account: '123456789012', region: 'eu-central-1' } },
  );
  assert.equal(app.synth().manifest.missing, undefined);
  assert.deepEqual(listTried(), ['cargo lambda --version']);
});
