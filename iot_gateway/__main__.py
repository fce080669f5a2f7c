"""`python -m iot_gateway`: the gateway's commands without the rest of the command line."""

from iot_gateway.cli import app

if __name__ == "__main__":
    app(prog_name="leafproof gateway")
