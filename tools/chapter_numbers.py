"""Sphinx extension: a chapter bears the number of its file.

Sphinx counts chapters from 1 in the order of the table of contents. Here ``02_convolution`` is
chapter 2 and its equations are (2.1), (2.2), … whatever stands before it.
"""

import copy
import re

from docutils import nodes
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles as Collector

sphinx_assign_section_numbers = Collector.assign_section_numbers
CHAPTER = re.compile(r"(?:.*/)?(\d\d)_[^/]*")


def renumber(env):
    """Replace the first figure of every section number of a chapter by the chapter's own."""
    for document, sections in env.toc_secnumbers.items():
        match = CHAPTER.fullmatch(document)
        if match:
            chapter = int(match[1])
            for anchor, number in sections.items():
                sections[anchor] = number and (chapter, *number[1:])
            for node in [env.titles[document], *env.tocs[document].findall(nodes.reference)]:
                if node.get("secnumber"):
                    node["secnumber"] = [chapter, *node["secnumber"][1:]]


def assign_section_numbers(collector, env):
    """Sphinx's numbering of sections, then `renumber`; returns the documents whose numbers changed."""
    old = copy.deepcopy(env.toc_secnumbers)
    sphinx_assign_section_numbers(collector, env)
    renumber(env)
    return [document for document, new in env.toc_secnumbers.items() if new != old.get(document)]


def setup(app):
    """Called by Sphinx."""
    # The collector is a fixed part of Sphinx, and figures are numbered right after sections: hence a wrapper.
    Collector.assign_section_numbers = assign_section_numbers
    return {"parallel_read_safe": True, "parallel_write_safe": True}
