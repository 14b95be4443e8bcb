{{ config(materialized="incremental", unique_key="id", incremental_strategy="merge") }}
select id, amount
from {{ ref("sales") }}
{% if is_incremental() %}
where id > (select max(id) from {{ this }})
{% endif %}
