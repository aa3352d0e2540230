"""How well colours can be told apart, by the standard for texts on screens."""


def contrast(text: str, background: str) -> float:
    """How well `text` stands out from `background`, both #rrggbb: 1 to 21 (WCAG 2.1, relative luminance)."""
    light, dark = sorted((_luminance(text), _luminance(background)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
