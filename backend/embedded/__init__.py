"""The real parts behind the embedded defaults: a chain node and an MQTT broker, as supervised child processes.

What must hold for each of them:

1. It is the real thing, never a stand-in: `anvil`, `mosquitto`, or the PyPI broker `amqtt`.
2. It ends when asked, when its parent ends, and when its parent is killed: nothing is left behind.
3. It is ended by its process id, never by name, and in a process group of its own.
4. It listens on loopback unless the caller says otherwise; its log is a file in the caller's folder.
5. When it dies, it is started again a bounded number of times, on the same port and with its state.
6. A failure names the part, says what to do, and carries the last lines of the log.
"""
