import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { nameSchema, numberRegisterSchema, registerYearSchema, type NumberRegisterView } from '@kyso/contracts';
import { Rule } from './auth/caller.js';
import { NumberRegister } from './registers/number-register.js';

/** `/v1/registers`: which numbers were given to which documents. */
@ApiTags('registers')
@ApiBearerAuth()
@Controller('v1/registers')
export class RegistersController {
  constructor(@Inject(NumberRegister) private readonly numbers: NumberRegister) {}

  @Get(':register/:year')
  @Rule({ scope: 'manage' })
  @ApiOperation({
    summary: 'Lists the numbers of a year',
    description:
      'Of the organisations whose credentials name this register. A number is claimed when its job is accepted, and free again ' +
      'when that job failed before it was written.',
  })
  @ApiResponse({ status: 200, description: 'The numbers', standardSchema: numberRegisterSchema })
  async list(
    @Param('register', { schema: nameSchema }) register: string,
    @Param('year', { schema: registerYearSchema }) year: string,
  ): Promise<NumberRegisterView> {
    return { register, year, numbers: await this.numbers.list({ register, year }) };
  }
}
