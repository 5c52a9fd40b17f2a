"""A SOAP 1.1 service that knows nothing of JSON: orders, kept in memory. Usage: service.py PORT"""

import logging
import sys
from decimal import Decimal
from itertools import count
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from spyne import Application, Array, ComplexModel, Fault, Integer, ServiceBase, Unicode, rpc
from spyne import Decimal as DecimalType
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

NAMESPACE = "http://orders.example/soap"


class Line(ComplexModel):
    __namespace__ = NAMESPACE
    sku = Unicode
    quantity = Integer
    price = DecimalType


class Order(ComplexModel):
    __namespace__ = NAMESPACE
    id = Integer
    customer = Unicode
    lines = Array(Line)
    total = DecimalType


PRICES = {"widget": Decimal("2.50"), "nut & bolt": Decimal("0.10")}


def order(number, customer, lines):
    lines = [Line(sku=sku, quantity=quantity, price=PRICES[sku]) for sku, quantity in lines]
    total = sum(line.price * line.quantity for line in lines)
    return Order(id=number, customer=customer, lines=lines, total=total)


ORDERS = {1001: order(1001, 'Zoe "Z" <O\'Neil>', [("widget", 4), ("nut & bolt", 100)]), 1002: order(1002, "Ana", [])}
NUMBERS = count(1003)


class Orders(ServiceBase):
    """The operations."""

    @rpc(Integer, _returns=Order)
    def GetOrder(self, id):
        if id not in ORDERS:
            raise Fault("Client.NotFound", f"there is no order {id}")
        return ORDERS[id]

    @rpc(Unicode, Array(Line), _returns=Order)
    def PlaceOrder(self, customer, lines):
        lines = lines or []
        if unknown := [line.sku for line in lines if line.sku not in PRICES]:
            raise Fault("Client.UnknownSku", f"we do not sell {unknown[0]}")
        if any(line.quantity < 1 for line in lines):
            raise Fault("Client.Quantity", "a quantity is at least 1")
        number = next(NUMBERS)
        ORDERS[number] = order(number, customer, [(line.sku, line.quantity) for line in lines])
        return ORDERS[number]

    @rpc(Integer)
    def CancelOrder(self, id):
        raise RuntimeError("the ledger is locked")


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    # Or else it tells every fault with its traceback.
    logging.disable()
    soap = Application([Orders], NAMESPACE, in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
    with WSGIServer(("127.0.0.1", int(sys.argv[1])), Quiet) as server:
        server.set_app(WsgiApplication(soap))
        print(f"SOAP service on port {server.server_port}, described at /?wsdl", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
