"""How many there are of something, in words. Pure."""


def counted(number: int, what: str, plural: str = "") -> str:
    """`number` things: "1 node", "3 nodes". A word that takes no plain "s" brings its own `plural`."""
    return f"{number} {what if number == 1 else plural or f'{what}s'}"
