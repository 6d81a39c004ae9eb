import { describe, expect, it } from '@jest/globals';
import { defaultScreeningPolicy, screeningKindSchema } from '@kyso/contracts';
import { screeningKinds } from '@kyso/pdf';

describe('the kinds of findings', () => {
  it('are the same in libs/pdf and in libs/contracts, and each has a default', () => {
    expect([...screeningKindSchema.options]).toEqual([...screeningKinds]);
    expect(Object.keys(defaultScreeningPolicy).sort()).toEqual([...screeningKinds].sort());
  });
});
