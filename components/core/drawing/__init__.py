"""Graphs as pictures: laid out in layers, drawn as SVG that needs nothing but a browser."""
