import assert from 'node:assert/strict';
import { test } from 'node:test';
import { send } from '#test/helpers/http-client.js';
import { delay, until } from '#test/helpers/wait.js';
import type { TransportBed } from './transport-bed.js';

/** Listening and closing. */
export function lifecycleContract(bed: TransportBed): void {
  test('an address that is taken is refused', async () => {
    const port = await bed.serve((exchange) => exchange.respond(200, []));
    const second = await bed.create({ handler: () => undefined });
    await assert.rejects(second.listen('127.0.0.1', port));
    await second.close(0);
  });

  test('close lets an exchange end and refuses new connections', async () => {
    let answer: (() => void) | undefined;
    const transport = await bed.create({
      handler: (exchange) => {
        answer = () => exchange.respond(200, [], 'in time');
      },
    });
    const port = await transport.listen('127.0.0.1', 0);
    const response = send(port, '/');
    await until(() => answer !== undefined, 'the exchange');
    const closed = transport.close(5_000);
    await assert.rejects(send(port, '/'));
    answer!();
    const { body, headers } = await response;
    assert.equal(body.toString(), 'in time');
    assert.equal(headers.connection, 'close');
    await closed;
  });

  test('close breaks what has not ended when the grace is over', async () => {
    let aborts = 0;
    const transport = await bed.create({
      handler: (exchange) => exchange.onAborted(() => aborts++),
    });
    const port = await transport.listen('127.0.0.1', 0);
    const refused = assert.rejects(send(port, '/'));
    await delay(50);
    await transport.close(20);
    await refused;
    await until(() => aborts === 1, 'the abort');
  });
}
