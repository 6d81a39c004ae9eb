import { describe, expect, it } from '@jest/globals';
import { newId, objectKeys } from '@kyso/contracts';
import { pino } from 'pino';
import { MemoryStore } from '../../test/memory-store.js';
import { SealedPinSweeper } from './sealed-pin-sweeper.js';

const sealed = (expiresAt: string): string => objectKeys.sealedPin({ activationId: newId('act'), expiresAt });

describe('SealedPinSweeper', () => {
  it('deletes sealed PINs when their time is over, leaves the others and the records', async () => {
    const store = new MemoryStore();
    const nowMs = Date.parse('2026-11-23T03:00:00Z');
    const over = [sealed('2026-11-23T02:59:59.999Z'), sealed('2001-01-01T00:00:00Z')];
    const running = [sealed('2026-11-23T03:00:00.001Z'), sealed('2026-11-23T10:05:00+07:00'), 'sealed-pins/odd'];
    const record = objectKeys.activation(newId('act'));
    for (const key of [...over, ...running, record]) store.putJson(key, {});
    const sweeper = new SealedPinSweeper({ store, logger: pino({ level: 'silent' }), nowMs: () => nowMs });
    expect(await sweeper.run()).toBe(2);
    expect([...store.objects.keys()].sort()).toEqual([...running, record].sort());
    expect(await sweeper.run()).toBe(0);
  });
});
