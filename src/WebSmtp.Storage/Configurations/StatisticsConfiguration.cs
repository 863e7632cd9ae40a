using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace WebSmtp.Storage.Configurations;

sealed class TrafficConfiguration : IEntityTypeConfiguration<TrafficMinute>
{
    public void Configure(EntityTypeBuilder<TrafficMinute> builder)
    {
        builder.ToTable("Traffic");
        builder.HasKey(row => new { row.Minute, row.SiteId });
    }
}

sealed class BacklogConfiguration : IEntityTypeConfiguration<BacklogMinute>
{
    public void Configure(EntityTypeBuilder<BacklogMinute> builder)
    {
        builder.ToTable("Backlog");
        builder.HasKey(row => new { row.SiteId, row.Domain, row.Minute });
        builder.Property(row => row.Domain).HasMaxLength(255);
        builder.HasIndex(row => row.Minute);
    }
}
