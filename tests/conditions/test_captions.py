import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.conditions import Captions
from tfgen.conditions.captions import words


def tokens(captions, *texts):
    return captions.tokens(np.array(texts, object)).numpy().tolist()


def test_words_are_numbered_by_frequency_then_alphabet():
    captions = Captions.from_corpus(["b a", "b c", "b"])
    assert captions.vocabulary == ("b", "a", "c")
    assert tokens(captions, "c b", "a") == [[4, 2], [3, 0]]
    assert captions.num_words == 5
    assert Captions.from_corpus(["b", "b c", "b a"]) == captions


def test_the_most_frequent_words_and_the_first_ones_of_a_text_are_kept():
    captions = Captions.from_corpus(["b a a", "b c", "b"], max_words=2, length=2)
    assert captions.vocabulary == ("b", "a")
    assert len(tokens(captions, "b c a b")[0]) == 2
    assert tokens(captions, "b c a b")[0][1] == 1


def test_unknown_words_empty_texts_and_any_writing_have_a_meaning():
    captions = Captions.from_corpus(["Grüße, Welt!", "你好 世界", "été"])
    assert set(captions.vocabulary) == {"grüße", "welt", "你好", "世界", "été"}
    number = {word: captions.vocabulary.index(word) + 2 for word in captions.vocabulary}
    assert tokens(captions, "WELT grüsse", "", "  \t\n", "你好", "?!") == [
        [number["welt"], 1],
        [0, 0],
        [0, 0],
        [number["你好"], 0],
        [0, 0],
    ]
    # Bytes that are no UTF-8 stand between words.
    assert tokens(captions, b"welt\xffwelt") == [[number["welt"]] * 2]


@given(st.text())
@settings(max_examples=50, deadline=None)
def test_every_text_has_tokens_and_its_words_are_words(text):
    captions = Captions.from_corpus(["a b c"])
    (row,) = tokens(captions, text.encode("utf-8", "surrogatepass"))
    assert all(0 <= token < captions.num_words for token in row)
    # Padding stands at the end alone.
    assert row == [t for t in row if t] + [0] * row.count(0)
    if text.isprintable():
        cut = words(text)
        assert [t == 0 for t in row] == [i >= len(cut) for i in range(3)]
        assert all(words(word) == [word] for word in cut)


def test_a_text_alone_stands_for_all():
    captions = Captions.from_corpus(["a b"])
    assert captions.tokens("b a", 2).numpy().tolist() == [[3, 2], [3, 2]]


@pytest.mark.parametrize("bad", [3.5, np.ones((2, 5)), [["a"]], {"a": 1}])
def test_what_is_no_text_is_refused(bad):
    with pytest.raises(ValueError, match="expected condition.*Received: "):
        Captions.from_corpus(["a b"]).tokens(bad)
