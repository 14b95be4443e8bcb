select * from {{ ref('by_city') }} where total < 0
