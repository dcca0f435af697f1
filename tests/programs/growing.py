"""Builds a list of 12 million references and a bytearray of 256 MiB, piece by piece: both grow by realloc."""

numbers = []
for number in range(12_000_000):
    numbers.append(number & 255)
assert len(numbers) == 12_000_000 and numbers[-1] == 11_999_999 & 255

text = bytearray()
piece = bytes(range(256)) * 1024
for _ in range(1024):
    text += piece
assert len(text) == 256 << 20 and text[-1] == 255
