from __future__ import annotations

import pytest

from tests.unit.reports.html import strict_page
from tfedge.reports.html.markup import Markup, element, joined, raw, text


def test_element_when_a_child_is_a_text_then_it_is_escaped_and_markup_is_not():
    assert element("p", "<b> & 'x'", element("b", "in")) == "<p>&lt;b&gt; &amp; &#x27;x&#x27;<b>in</b></p>"


def test_element_when_an_attribute_closes_its_quote_then_it_is_escaped():
    assert element("p", title='"><script>') == '<p title="&quot;&gt;&lt;script&gt;"></p>'


def test_element_then_names_are_html_and_none_is_left_out():
    made = element("rect", class_="a", stroke_width=1.5, fill_opacity=0.123456, x=3, title=None)
    assert made == '<rect class="a" stroke-width="1.5" fill-opacity="0.12" x="3"></rect>'


def test_element_when_void_then_it_is_not_closed():
    assert element("br") == "<br>"


@pytest.mark.parametrize(("given", "shown"), [("a\nb", "a\\nb"), ("\u202egnp", "\\u202egnp"), ("\x00", "\\x00")])
def test_text_when_not_printable_then_it_is_spelt(given, shown):
    assert text(given) == shown


def test_joined_when_texts_and_markup_then_each_in_its_way():
    made = joined([raw("<i>"), "<i>"], " & ")
    assert made == "<i> &amp; &lt;i&gt;" and isinstance(made, Markup)


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("<p>", "never closed: p"),
        ("<p></b></p>", "closed out of turn"),
        ('<p id="a"></p><p id="a"></p>', "id twice: a"),
        ('<a href="#b">x</a>', "a link to nothing: b"),
        ("<script></script>", "a script"),
        ('<img src="x.png">', "fetches or runs"),
        ('<p onclick="x"></p>', "fetches or runs"),
        ("<p>http://x.example</p>", "an address"),
        ('<svg viewBox="0 0 10 10"><rect x="5" y="5" width="6" height="1"></rect></svg>', "outside of"),
        ("<p>nan</p>", "no number"),
    ],
)
def test_strict_page_when_something_is_wrong_then_it_is_found(page, problem):
    assert any(found.startswith(problem) for found in strict_page.problems(page))


def test_strict_page_when_nothing_is_wrong_then_nothing_is_found():
    assert strict_page.problems('<p id="a"><a href="#a">x</a><br></p>') == []
