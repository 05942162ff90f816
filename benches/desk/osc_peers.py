"""OSC encode and decode in python-osc and liblo, in ns: the messages that the desk bench encodes and decodes."""

import timeit

LONG = ("/tracklight/desk", ["y" * 1100])
SHORT = ("/14.14.1.6.1", ["Go+", 1, 0.5])


def show(peer, what, work):
    timer = timeit.Timer(work)
    number, _ = timer.autorange()
    best = min(timer.repeat(5, number)) / number
    print(f"{peer}: OSC {what}: {best * 1e9:.0f} ns")


def python_osc():
    from pythonosc.osc_message import OscMessage
    from pythonosc.osc_message_builder import OscMessageBuilder

    def encode(address, args):
        builder = OscMessageBuilder(address=address)
        for arg in args:
            builder.add_arg(arg)
        return builder.build().dgram

    for what, message in [("one text of 1100 bytes", LONG), ("s i f", SHORT)]:
        data = encode(*message)
        assert OscMessage(data).params == message[1]
        show("python-osc", f"encode, {what}", lambda: encode(*message))
        show("python-osc", f"decode, {what}", lambda: OscMessage(data).params)


def liblo():
    """liblo itself, without the cost of Python objects: its C functions, called through ctypes."""
    import ctypes

    try:
        lo = ctypes.CDLL("liblo.so.7")
    except OSError:
        raise ImportError("liblo.so.7 is not on this system (Debian: liblo7)") from None
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    lo.lo_message_new.restype = pointer
    lo.lo_message_add_string.argtypes = [pointer, ctypes.c_char_p]
    lo.lo_message_add_int32.argtypes = [pointer, ctypes.c_int32]
    lo.lo_message_add_float.argtypes = [pointer, ctypes.c_float]
    lo.lo_message_serialise.argtypes = [pointer, ctypes.c_char_p, pointer, ctypes.POINTER(size)]
    lo.lo_message_serialise.restype = pointer
    lo.lo_message_deserialise.argtypes = [ctypes.c_char_p, size, pointer]
    lo.lo_message_deserialise.restype = pointer
    lo.lo_message_free.argtypes = [pointer]
    buffer, length = ctypes.create_string_buffer(4096), size()

    def encode(address, args):
        message = lo.lo_message_new()
        for arg in args:
            if isinstance(arg, bytes):
                lo.lo_message_add_string(message, arg)
            elif isinstance(arg, int):
                lo.lo_message_add_int32(message, arg)
            else:
                lo.lo_message_add_float(message, arg)
        lo.lo_message_serialise(message, address, buffer, ctypes.byref(length))
        lo.lo_message_free(message)

    def decode(data):
        message = lo.lo_message_deserialise(data, len(data), None)
        assert message
        lo.lo_message_free(message)

    for what, (address, args) in [("one text of 1100 bytes", LONG), ("s i f", SHORT)]:
        address, args = address.encode(), [arg.encode() if isinstance(arg, str) else arg for arg in args]
        encode(address, args)
        data = buffer.raw[: length.value]
        show("liblo (calls through ctypes)", f"encode, {what}", lambda: encode(address, args))
        show("liblo (calls through ctypes)", f"decode, {what}", lambda: decode(data))


for peer, work in [("python-osc", python_osc), ("liblo", liblo)]:
    try:
        work()
    except ImportError as error:
        print(f"{peer}: skipped, {error}")
