import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExchangeRegistry, type OpenExchange } from '#engine/transport/exchange-registry.js';
import { settle } from '#test/helpers/fake-exchange.js';

class RecordedExchange implements OpenExchange {
  readonly #registry: ExchangeRegistry;
  readonly ticks: number[] = [];
  isClosed = false;

  constructor(registry: ExchangeRegistry) {
    this.#registry = registry;
    registry.add(this);
  }

  tick(nowMs: number): void {
    this.ticks.push(nowMs);
  }

  close(): void {
    this.isClosed = true;
    this.#registry.remove(this);
  }
}

describe('ExchangeRegistry', () => {
  test('drain resolves at once when nothing is in progress', async () => {
    const registry = new ExchangeRegistry();
    assert.equal(registry.isDraining, false);
    await registry.drain(60_000);
    assert.equal(registry.isDraining, true);
  });

  test('drain waits for the last exchange', async () => {
    const registry = new ExchangeRegistry();
    const exchanges = [new RecordedExchange(registry), new RecordedExchange(registry)] as const;
    let isDrained = false;
    const drained = registry.drain(60_000).then(() => (isDrained = true));
    registry.remove(exchanges[0]);
    await settle();
    assert.equal(isDrained, false);
    registry.remove(exchanges[1]);
    await drained;
    assert.equal(exchanges[1].isClosed, false);
  });

  test('drain closes what is left after the grace', async () => {
    const registry = new ExchangeRegistry();
    const exchanges = [new RecordedExchange(registry), new RecordedExchange(registry)];
    await registry.drain(1);
    assert.deepEqual(
      exchanges.map((exchange) => exchange.isClosed),
      [true, true],
    );
  });

  test('one timer ticks every exchange in progress', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const registry = new ExchangeRegistry({ stallTimeoutMs: 60_000, minimumBodyBytesPerSecond: 0 });
    const first = new RecordedExchange(registry);
    t.mock.timers.tick(5_000);
    const second = new RecordedExchange(registry);
    t.mock.timers.tick(5_000);
    registry.remove(first);
    t.mock.timers.tick(5_000);
    assert.deepEqual([first.ticks.length, second.ticks.length], [2, 2]);
  });
});
