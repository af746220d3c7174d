import pytest

from ridealong.show import pictures


def drawn() -> pictures.Picture:
    with pictures.style():
        figure, axes = pictures.axes(3, 2)
        axes.plot([0, 1], [0, 1])
        return pictures.Picture(figure, "A line  that\nrises.")


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert drawn().png == drawn().png


def test_the_description_reaches_the_page_and_the_plain_text() -> None:
    picture = drawn()

    assert 'alt="A line that rises."' in picture.html()
    assert repr(picture) == "Picture: A line that rises."


def test_a_picture_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="description"):
        pictures.Picture(pictures.axes()[0], "  ")
