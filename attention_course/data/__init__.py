"""Texts, pictures and measurements: what is generated here, and what is downloaded."""
