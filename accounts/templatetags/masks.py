"""Masks as filters, so that no template shows more of a person than it must."""

from django import template

from ..masking import mask_address, mask_id_number, mask_name, mask_phone

register = template.Library()
register.filter("masked_id", mask_id_number)
register.filter("masked_phone", mask_phone)
register.filter("masked_address", mask_address)
register.filter("masked_name", mask_name)
