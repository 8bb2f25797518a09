import { Body, Controller, Post } from '@nestjs/common';

@Controller('orders')
export class OrdersController {
  @Post()
  create(@Body() order: { items: string[] }): { items: number } {
    return { items: order.items.length };
  }
}
